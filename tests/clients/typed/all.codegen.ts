// The configuration of the README with a manifest, and the plugin typescript-operations on its own, as many projects have it.
import shop from "./codegen";

const client = shop.generates["src/gql/"];

export default {
  ...shop,
  documents: ["src/shop.ts", "src/place.ts", "src/lost.ts"],
  generates: {
    ...shop.generates,
    "src/gql/": { ...client, presetConfig: { persistedDocuments: true } },
    "src/operations.ts": { plugins: ["typescript-operations"], config: client.config },
  },
};
