import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), tailwindcss()],
  // The library as it is written: it is built at the same time as this.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  // The server puts a fresh nonce in its place for every page.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: fileURLToPath(new URL("../dist/web", import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0, // no data: addresses, so that the page policy can stay narrow
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
  },
});
