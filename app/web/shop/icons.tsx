/** Line drawings of the goods, and of the state of a step. They are decoration, so they have no text. */
import type { ReactNode } from "react";

const GOODS: readonly [RegExp, ReactNode][] = [
  [/KETTLE/, <path d="M14 42V26a10 10 0 0 1 10-10h6a10 10 0 0 1 10 10v16zM40 30h3c4 0 3-10 8-12M20 16c0-6 14-6 14 0M12 42h30" />],
  [/POT/, <path d="M16 26h24v8a12 12 0 0 1-24 0zM40 28h4a5 5 0 0 1 0 10h-5M16 30l-7-5M14 26h28M28 20v6M25 20h6" />],
  [/CUP|MUG/, <path d="M15 22h24v10a11 11 0 0 1-22 0zM39 25h3a5 5 0 0 1 0 11h-5M13 46h28M22 10c-3 3 3 4 0 7M31 10c-3 3 3 4 0 7" />],
  [/FILTER/, <path d="M12 16h34L34 42H24zM18 16l8 26M40 16l-8 26M29 16v26" />],
  [/COFFEE/, <path d="M40 16c6 7 3 20-6 26s-17 1-17-6 6-19 13-22c4-2 7-1 10 2zM38 17c-6 3-6 9-9 13s-8 5-9 11" />],
  [/TEA/, <path d="M14 44c0-20 8-30 30-32 0 22-10 30-24 30M14 44c6-12 12-18 20-22M24 32v-8M29 28l8 1" />],
];
const BOX = <path d="M12 20l17-8 17 8v20l-17 8-17-8zM12 20l17 8 17-8M29 28v20M20 16l17 8" />;

export function Goods({ sku }: { sku: string }) {
  const drawing = GOODS.find(([pattern]) => pattern.test(sku))?.[1] ?? BOX;
  return (
    <svg className="goods" viewBox="0 0 58 56" aria-hidden="true">
      {drawing}
    </svg>
  );
}

const STEPS: Record<string, ReactNode> = {
  done: <path d="M5 10.5l3.5 3.5L15 7" />,
  due: <circle cx="10" cy="10" r="3" />,
  refused: <path d="M6 6l8 8M14 6l-8 8" />,
  stuck: <path d="M10 5v6M10 14.5v.5" />,
};

export function StepMark({ outcome }: { outcome: string }) {
  return (
    <svg className={`mark ${outcome}`} viewBox="0 0 20 20" aria-hidden="true">
      {STEPS[outcome] ?? <path d="M6 10h8" />}
    </svg>
  );
}
