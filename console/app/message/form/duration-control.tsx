/** A duration, in seconds. */
import { durationFault } from '../check/check-well-known.ts'
import { inLargerUnits } from '../schema/time-text.ts'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'

export function DurationControl(props: ControlProps) {
  const text = shownText(props.node)
  const isValid = durationFault(text) === null
  const onInput = (typed: string) => {
    const seconds = typed.trim().replace(/s$/, '')
    props.onValue(seconds === '' ? null : JSON.stringify(`${seconds}s`))
  }
  return (
    <div class="draft-inline">
      <input
        type="text"
        class="input is-mono draft-number"
        {...inputAttributes(props)}
        autocomplete="off"
        spellcheck={false}
        value={text.replace(/s$/, '')}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <span class="hint">seconds</span>
      <span class="hint">{isValid ? inLargerUnits(Number(text.slice(0, -1))) : ''}</span>
    </div>
  )
}
