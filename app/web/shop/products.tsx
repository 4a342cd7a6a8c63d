/** The shelf: products with live stock, and what the role may do with them. */
import { type FormEvent, useDeferredValue, useState } from "react";
import { type Api, takesHeaders, useLiveList } from "./api";
import type { Commands } from "./commands";
import { pieces, money } from "./format";
import { GOODS } from "./goods";
import { type ProductCardFragment, ProductsDocument, ReceiveStockDocument, RegisterProductDocument } from "./gql/graphql";
import { Goods } from "./icons";

interface Shelf {
  api: Api;
  commands: Commands;
  /** Pieces in the basket by SKU. */
  inBasket: ReadonlyMap<string, number>;
  add: ((product: ProductCardFragment) => void) | undefined;
}

const TOO_MANY = "There are too many products for one list. Type a part of the name.";
/** So few pieces are worth a hint. */
const FEW = 5;

export function Products({ api, commands, inBasket, add }: Shelf) {
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const filter = wanted === "" ? null : { nameContains: wanted };
  const { value, problem } = useLiveList(api, ProductsDocument, { filter }, (data) => data.products, TOO_MANY);
  const products = value && [...value.values()].sort((one, other) => one.name.localeCompare(other.name));
  return (
    <section className="shelf" aria-labelledby="shelf">
      <header>
        <h2 id="shelf">On the shelf</h2>
        <label className="search">
          <span className="hidden">Find a product by its name</span>
          <input type="search" placeholder="Find a product" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
      </header>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {products === undefined && !problem && <p className="quiet">Looking at the shelf…</p>}
      {products?.length === 0 && wanted !== "" && <p className="quiet">Nothing with this name.</p>}
      {products?.length === 0 && wanted === "" && <EmptyShelf api={api} commands={commands} />}
      <ul className="products">
        {products?.map((product) => (
          <li key={product.id} className={product.available === 0 ? "product sold-out" : "product"}>
            <Goods sku={product.sku} />
            <h3>{product.name}</h3>
            <p className="price">{money(product.price)}</p>
            {/* A new key restarts the short highlight when the stock changes. */}
            <p className="stock" key={product.available} data-sku={product.sku}>
              {product.available === 0 ? "Sold out" : product.available <= FEW ? `Only ${product.available} left` : `${product.available} in stock`}
              {product.reserved > 0 && <span className="quiet"> · {product.reserved} reserved</span>}
            </p>
            {api.role === "staff" && <Receive product={product} commands={commands} />}
            {add && (
              <button
                type="button"
                className="add"
                disabled={product.available === 0}
                aria-label={`Add ${product.name} to the basket`}
                onClick={() => add(product)}
              >
                Add
                {inBasket.has(product.sku) && <span className="count">{inBasket.get(product.sku)}</span>}
              </button>
            )}
          </li>
        ))}
      </ul>
      {api.role === "staff" && wanted === "" && products && products.length > 0 && lacksGoods(products) && <FillShelf commands={commands} />}
    </section>
  );
}

/** Whether a shop of a few products has none of the demonstration goods, as after the first steps in GraphiQL. */
function lacksGoods(products: readonly ProductCardFragment[]) {
  const skus = new Set(products.map((product) => product.sku));
  return products.length < GOODS.length && !GOODS.some((goods) => skus.has(goods.sku));
}

/** An empty shop offers its demonstration goods to staff. Others may not register products. */
function EmptyShelf({ api, commands }: { api: Api; commands: Commands }) {
  return (
    <div className="empty">
      <p>The shelf is empty.</p>
      {api.role === "staff" ? (
        <FillShelf commands={commands} />
      ) : (
        <p className="quiet">Staff can fill it{takesHeaders() && ": choose staff at the top of the page"}.</p>
      )}
    </div>
  );
}

function FillShelf({ commands }: { commands: Commands }) {
  const [busy, setBusy] = useState(false);
  async function fill() {
    setBusy(true);
    for (const { sku, name, amount, pieces: quantity } of GOODS) {
      const registered = commands.send({ command: RegisterProductDocument, input: { sku, name, price: { amount, currency: "EUR" } } });
      // If one is refused, so are the others. One notice says why.
      if (!(await commands.send({ command: ReceiveStockDocument, input: { sku, quantity }, after: registered }))) break;
    }
    setBusy(false);
  }
  return (
    <>
      <button type="button" className="primary" disabled={busy} onClick={() => void fill()}>
        {busy ? "Filling the shelf…" : "Fill the shelf"}
      </button>
      <p className="quiet">Registers {GOODS.length} products and receives their stock.</p>
    </>
  );
}

function Receive({ product, commands }: { product: ProductCardFragment; commands: Commands }) {
  const [quantity, setQuantity] = useState("10");
  function receive(event: FormEvent) {
    event.preventDefault();
    const count = Number(quantity);
    void commands.send({
      command: ReceiveStockDocument,
      input: { sku: product.sku, quantity: count },
      done: `${pieces(count)} of ${product.name} received.`,
    });
  }
  return (
    <form className="receive" onSubmit={receive}>
      <label>
        <span className="hidden">Pieces of {product.name}</span>
        <input type="number" min="1" max="10000" required value={quantity} onChange={(event) => setQuantity(event.target.value)} />
      </label>
      <button type="submit">Receive</button>
    </form>
  );
}
