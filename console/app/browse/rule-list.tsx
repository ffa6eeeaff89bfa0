/** The rules of protovalidate for a field or a message. */

/** Draws the rules; nothing if there are none. */
export function RuleList({ rules }: { rules: readonly string[] }) {
  if (rules.length === 0) return null
  return (
    <ul class="rules plain" aria-label="Rules">
      {rules.map((rule) => (
        <li class="rule" dir="auto" key={rule}>
          {rule}
        </li>
      ))}
    </ul>
  )
}
