/**
 * Features that Permissions-Policy can switch off (W3C Permissions Policy feature list, and the specifications it
 * names). A closed list: a misspelt feature would be ignored by browsers and would protect nobody.
 */
export const knownFeatures = [
  "accelerometer",
  "autoplay",
  "browsing-topics",
  "camera",
  "display-capture",
  "encrypted-media",
  "gamepad",
  "geolocation",
  "gyroscope",
  "hid",
  "idle-detection",
  "local-fonts",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "picture-in-picture",
  "screen-wake-lock",
  "serial",
  "usb",
  "window-management",
  "xr-spatial-tracking",
] as const;
