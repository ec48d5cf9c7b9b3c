/** Styles of the widget in its shadow root. Pixels, because `rem` follows the embedding page's root. */
export const widgetStyles = `
:host {
  all: initial;
  position: fixed;
  inset: auto max(16px, env(safe-area-inset-right)) max(16px, env(safe-area-inset-bottom)) auto;
  z-index: 2147483000;
}
button {
  display: flex;
  align-items: center;
  justify-content: center;
  width: 56px;
  height: 56px;
  margin: 0 0 0 auto;
  padding: 0;
  border: 2px solid #fff;
  border-radius: 50%;
  background: #0065bd;
  color: #fff;
  cursor: pointer;
  box-shadow: 0 4px 16px rgb(0 0 0 / 30%);
}
button:hover { background: #005293; }
button:focus-visible { outline: 3px solid #0065bd; outline-offset: 2px; }
svg {
  width: 28px;
  height: 28px;
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.cross, :host(.open) .speech { display: none; }
:host(.open) .cross { display: inline; }
iframe {
  display: block;
  width: min(416px, calc(100vw - 32px));
  height: min(672px, calc(100dvh - 104px));
  margin-bottom: 12px;
  border: 1px solid #74828f;
  border-radius: 16px;
  background: #fff;
  box-shadow: 0 8px 40px rgb(0 0 0 / 25%);
}
iframe[hidden] { display: none; }
@media (max-width: 512px) {
  :host(.open) { inset: 0; }
  :host(.open) button { display: none; }
  iframe { width: 100%; height: 100%; margin: 0; border: 0; border-radius: 0; }
}
@media (prefers-color-scheme: dark) {
  iframe { background: #10151c; }
}
@media (forced-colors: active) {
  button { border-color: ButtonText; }
}
`;
