import { defineConfig } from "vite";

// GraphiQL, in a folder of its own beside the page, which shares nothing with it and loads nothing of it.
export default defineConfig({
  root: "explorer",
  base: "/graphiql/",
  build: {
    outDir: "../../api/page/graphiql",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
