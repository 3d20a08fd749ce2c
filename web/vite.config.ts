import { defineConfig } from "vite";

// The page is served under `script-src 'self'; style-src 'self'`: nothing may end up inline.
export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../api/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      "/graphql": { target: "http://127.0.0.1:8000", ws: true },
      "/simulator": "http://127.0.0.1:8000",
      "/demo.json": "http://127.0.0.1:8000",
    },
  },
});
