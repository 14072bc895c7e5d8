import { ButtonLink } from "./button.tsx";
import { Page } from "./page.tsx";

export const NotFoundPage = () => (
  <Page title="There is nothing here" lead="The address may be mistyped, or what was here has moved.">
    <ButtonLink to="/">Back to the courses</ButtonLink>
  </Page>
);
