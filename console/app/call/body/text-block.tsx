/** A long text that scrolls. */

/** What is shown. */
export interface TextBlockProps {
  readonly text: string
  /** What the text is, for assistive technology. */
  readonly label: string
  /** Whether the lines are those of a hex dump, which must not be wrapped. */
  readonly isOctets?: boolean
}

/** Draws the text. */
export function TextBlock({ text, label, isOctets = false }: TextBlockProps) {
  return (
    <section class="text-block" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre class={isOctets ? 'message-body-scroll is-octets' : 'message-body-scroll'} tabIndex={0} dir="auto">
        {text}
      </pre>
    </section>
  )
}
