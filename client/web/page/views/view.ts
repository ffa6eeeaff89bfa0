/** What the page knows of each of its demos. */

/** One demo. Only one at a time is visible, and only a visible one may hold a connection open. */
export interface View {
  /** The `<section>` that the demo lives in. Its id is the fragment that leads there. */
  readonly section: HTMLElement
  /** Called when the demo becomes visible, never twice in a row. */
  show(): void
  /** Called when it is hidden, and when the whole page is. */
  hide(): void
}
