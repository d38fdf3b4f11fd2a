import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// In development the page comes from here and everything else from a server that runs already.
const server = process.env.REENACT_URL ?? "http://127.0.0.1:7717";
const proxy = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    manifest: true,
    // The policy of the server allows scripts of its own origin only, and none in data addresses.
    assetsInlineLimit: 0,
    // What counts is the first load, gzipped: scripts/first-load.mjs holds it to its bar.
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": proxy, "/health": proxy, "/ws": { ...proxy, ws: true } } },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
