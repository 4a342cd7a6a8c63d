// GraphiQL on our own endpoint, opened at the tabs of app/web/graphiql until the visitor has tabs of their own.

import "graphiql/style.css";
import "./page.css";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { ActAs, canActAs } from "./act-as.jsx";
import { fetcher } from "./fetcher.js";

// --- The editor's workers ---------------------------------------------------

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL(WORKERS[label] ?? WORKERS.editor, import.meta.url)),
};

// --- What is kept in the browser --------------------------------------------

// Another project's GraphiQL on the same port keeps its tabs in the same store, and new tabs must show: hence a prefix of our own.
const prefix = `graphiql-page ${TABS_ID} `;
const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
const storage = {
  getItem: (key) => localStorage.getItem(prefix + key),
  setItem: (key, value) => localStorage.setItem(prefix + key, value),
  removeItem: (key) => localStorage.removeItem(prefix + key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ownKeys().length;
  },
};

/** The tab to open with. GraphiQL 5.4 fills its editors from the first tab's document alone, and loses variables and place on a reload. */
function openTab() {
  try {
    const { tabs, activeTabIndex } = JSON.parse(storage.getItem("graphiql:tabState"));
    return tabs[activeTabIndex];
  } catch {
    return TABS[0];
  }
}

// --- The page ---------------------------------------------------------------

const { query, variables } = openTab();
createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={TABS}
    initialQuery={query ?? ""}
    initialVariables={variables ?? ""}
    defaultEditorToolsVisibility="variables"
    isHeadersEditorEnabled
    shouldPersistHeaders={false}
  >
    <GraphiQL.Footer>{canActAs() && <ActAs />}</GraphiQL.Footer>
  </GraphiQL>,
);
