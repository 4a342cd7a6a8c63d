// The configuration of the README with a manifest, and the plugin typescript-operations on its own, as many projects have it.
import shop from "./trusted.codegen";

export default {
  ...shop,
  documents: ["src/shop.ts", "src/place.ts", "src/lost.ts", "src/known.ts"],
  generates: {
    ...shop.generates,
    "src/operations.ts": { plugins: ["typescript-operations"], config: shop.generates["src/gql/"].config },
  },
};
