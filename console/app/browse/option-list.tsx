/** The options of a declaration. */
import type { Registry } from '@bufbuild/protobuf'
import { type Optioned, optionsOf } from '../api/options.ts'

/** Those that pages show in another way. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(['deprecated', 'idempotency_level'])

/** What has the options. */
export interface OptionListProps {
  readonly declaration: Optioned
  readonly registry: Registry
}

/** Draws the options; nothing if there are none. */
export function OptionList({ declaration, registry }: OptionListProps) {
  const options = optionsOf(declaration, registry).filter(({ name }) => !SHOWN_ELSEWHERE.has(name))
  if (options.length === 0) return null
  return (
    <dl class="options">
      {options.map(({ name, value }, index) => (
        // A repeated option has its name several times.
        <div class="option" key={`${index}`}>
          <dt class="mono">{name}</dt>
          <dd class="mono" dir="auto">
            {value}
          </dd>
        </div>
      ))}
    </dl>
  )
}
