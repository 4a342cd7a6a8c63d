// The configuration of the README, and the plugin typescript-operations on its own, as many projects have it.
import shop from "./codegen";

const { config } = shop.generates["src/gql/"];

export default {
  ...shop,
  documents: ["src/shop.ts", "src/place.ts"],
  generates: {
    ...shop.generates,
    "src/operations.ts": { plugins: ["typescript-operations"], config },
  },
};
