/** What the shelf is filled with, for a demonstration. */
export interface Goods {
  sku: string;
  name: string;
  amount: string;
  pieces: number;
}

export const GOODS: readonly Goods[] = [
  { sku: "TEA-ASSAM-250", name: "Assam tea, 250 g", amount: "8.90", pieces: 40 },
  { sku: "TEA-SENCHA-100", name: "Sencha, 100 g", amount: "11.50", pieces: 25 },
  { sku: "COFFEE-YIRGA-500", name: "Yirgacheffe coffee beans, 500 g", amount: "15.90", pieces: 30 },
  { sku: "CUP-BLUE", name: "Cup, blue glaze", amount: "14.00", pieces: 12 },
  { sku: "POT-CAST-IRON", name: "Cast iron teapot, 0.8 l", amount: "64.00", pieces: 4 },
  { sku: "KETTLE-GOOSENECK", name: "Gooseneck kettle", amount: "79.00", pieces: 6 },
  { sku: "FILTER-PAPER-100", name: "Paper filters, 100 pieces", amount: "4.20", pieces: 60 },
  // The simulated payment gateway declines this amount.
  { sku: "BOX-OF-WONDERS", name: "Box of wonders", amount: "1313.13", pieces: 3 },
];
