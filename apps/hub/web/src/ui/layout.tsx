import { Link, Outlet } from "@tanstack/react-router";
import { AccountMenu } from "../features/account/account-menu.tsx";
import { ProofGate } from "../features/account/proof.tsx";
import { SessionWatch } from "../features/account/session.tsx";
import { useIsMember } from "../features/tenant/use-is-member.ts";
import mark from "../mark.svg";
import { Flashes } from "./flash.tsx";
import { ThemeSwitch } from "./theme.tsx";

export function Layout() {
  const isMember = useIsMember();
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:bg-surface focus:px-4 focus:py-2"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-surface">
        <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-3 px-4 py-2 sm:px-6">
          <Link to="/" className="flex min-h-11 items-center gap-3 font-semibold">
            <img src={mark} alt="" width="30" height="30" />
            <span className="leading-tight">
              Gammons <span className="max-[24rem]:block">Landing</span>{" "}
              {/* Room for a member's pages, switch and menu in one row. */}
              <span className={`hidden font-normal text-muted ${isMember ? "" : "md:inline"}`}>
                Educational Hub
              </span>
            </span>
          </Link>
          <nav
            aria-label="Main"
            className="order-last -mx-1 flex w-full flex-wrap gap-1 sm:order-none sm:mx-0 sm:w-auto"
          >
            <NavLink to="/">Courses</NavLink>
            {isMember ? <TenantLinks /> : <NavLink to="/security">Security</NavLink>}
          </nav>
          <div className="ml-auto flex items-center gap-1">
            <ThemeSwitch />
            <AccountMenu />
          </div>
        </div>
        <SessionWatch />
        <Flashes />
      </header>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-5xl flex-1 px-4 py-10 outline-none sm:px-6"
      >
        <Outlet />
      </main>
      <footer className="border-t border-line">
        <div className="mx-auto flex max-w-5xl flex-wrap gap-x-6 gap-y-1 px-4 py-6 text-sm text-muted sm:px-6">
          <span>Gammons Landing Educational Hub</span>
          <Link to="/security" className="underline underline-offset-4 hover:text-text">
            How we protect your account
          </Link>
        </div>
      </footer>
      <ProofGate />
    </div>
  );
}

/** What members of a tenant have. */
const TenantLinks = () => (
  <>
    <NavLink to="/knowledge">Concepts</NavLink>
    <NavLink to="/simulations">Simulations</NavLink>
    <NavLink to="/search">Search</NavLink>
  </>
);

const NavLink = ({
  to,
  children,
}: {
  to: "/" | "/security" | "/knowledge" | "/simulations" | "/search";
  children: string;
}) => (
  <Link
    to={to}
    activeOptions={{ exact: true, includeSearch: false }}
    className="flex min-h-11 items-center rounded-sm px-2 sm:px-3 text-muted hover:bg-sunken hover:text-text aria-[current=page]:font-medium aria-[current=page]:text-text"
  >
    {children}
  </Link>
);
