// Writes gql/: the types of the operations, from the schema at the root of the project. Run `npm run codegen`.
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../../schema.graphql",
  documents: ["operations.graphql"],
  generates: {
    "gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        // The types of what the operations name, and no others.
        onlyOperationTypes: true,
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        // A position and a decimal may have more digits than a number of JavaScript holds.
        scalars: {
          UUID: "string",
          DateTime: "string",
          Date: "string",
          Decimal: "string",
          JSON: "unknown",
          Position: "string",
          Sku: "string",
          Quantity: "number",
          Count: "number",
        },
      },
    },
  },
};
export default config;
