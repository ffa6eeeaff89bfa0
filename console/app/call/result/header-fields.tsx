/** The headers and trailers of a call. */
import type { Fields } from '../../contracts/live-call.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { binaryValue } from './binary-value.ts'

/** Draws a table of fields. */
export function HeaderFields({ title, fields, none }: { title: string; fields: Fields; none: string }) {
  const text = () => fields.map(([name, value]) => `${name}: ${value}`).join('\n')
  return (
    <section class="stack is-tight" aria-label={title}>
      <div class="row">
        <h3>{title}</h3>
        <span class="call-spacer" />
        {fields.length > 0 && <CopyButton text={text} label={`Copy ${title}`} />}
      </div>
      {fields.length === 0 ? <p class="small soft">{none}</p> : <Rows fields={fields} title={title} />}
    </section>
  )
}

function Rows({ fields, title }: { fields: Fields; title: string }) {
  return (
    <table class="table call-fields" aria-label={title}>
      <tbody>
        {fields.map(([name, value], index) => (
          // A field may come twice.
          <tr key={`${index}`}>
            <th scope="row" class="mono">
              {name}
            </th>
            <td class="mono wrap" dir="auto">
              {value}
              <Decoded name={name} value={value} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Decoded({ name, value }: { name: string; value: string }) {
  const decoded = binaryValue(name, value)
  return decoded === null ? null : <div class="small soft">{decoded}</div>
}
