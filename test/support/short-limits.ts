/** Limits that are used up soon: a control that sees one end asks as often as it says. */
export const shortLimits = {
  login: "6/minute",
  register: "4/minute",
  reset: "4/minute",
  verifyEmail: "5/minute",
  mfaVerify: "5/minute",
  refresh: "6/minute",
  cspReport: "8/minute",
  global: "20/hour",
  read: "40/minute",
  user: "25/day",
  tenant: "9/hour",
};
