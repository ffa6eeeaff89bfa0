/** The demos of the page, as the page sees them. */

/** A demo. At most one is visible, and only a visible one may hold a connection open. */
export interface View {
  /** The `<section>` of the demo. Its id is the fragment of its address. */
  readonly section: HTMLElement
  /** Called when the demo becomes visible, never twice in a row. */
  show(): void
  /** Called when the demo or the whole page is hidden. */
  hide(): void
}
