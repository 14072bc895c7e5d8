import { Confirm } from "../../ui/confirm.tsx";

/** Before an administrator ends somebody's session. `device`: undefined while nothing is asked. */
export const ConfirmEnd = ({
  device,
  username,
  busy,
  onConfirm,
  onClose,
}: {
  device: string | undefined;
  username: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) => (
  <Confirm
    open={device !== undefined}
    title={`End this session of ${username}?`}
    action="End the session"
    busy={busy}
    onClose={onClose}
    onConfirm={onConfirm}
  >
    {device} is signed out at once, and work there that is not saved is lost. They can sign in again.
  </Confirm>
);
