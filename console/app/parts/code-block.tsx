/** A text in a fixed-width font, with a button that copies it. */
import { CopyButton } from './copy-button.tsx'

/** Draws the text. `label` says what it is. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <section class="code-block" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre tabIndex={0} dir="ltr">
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={`Copy ${label}`} />
    </section>
  )
}
