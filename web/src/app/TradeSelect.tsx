import { TRADES, tradeWord } from "../words.ts";

interface Props {
  value: string;
  onValue: (value: string) => void;
  optional?: boolean;
}

/** What the business trades in, by the network's words; one that is not listed stays choosable. */
export function TradeSelect({ value, onValue, optional = false }: Props) {
  const isListed = value === "" || TRADES.includes(value);
  return (
    <label class="field">
      <span>
        Trade
        {optional && <span class="muted"> (optional)</span>}
      </span>
      <select value={value} data-testid="trade" onChange={(event) => onValue(event.currentTarget.value)}>
        {value === "" && <option value="">Not chosen</option>}
        {!isListed && <option value={value}>{tradeWord(value)}</option>}
        {TRADES.map((each) => (
          <option key={each} value={each}>
            {tradeWord(each)}
          </option>
        ))}
      </select>
    </label>
  );
}
