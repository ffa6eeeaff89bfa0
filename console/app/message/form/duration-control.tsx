/** A duration, in seconds. */
import { durationFault } from '../check/check-well-known.ts'
import { inLargerUnits } from '../schema/time-text.ts'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'
import { useTyped } from './use-typed.ts'

export function DurationControl(props: ControlProps) {
  const { text, onInput, onBlur } = useTyped(shownText(props.node).replace(/s$/, ''), (typed) => {
    const seconds = typed.trim().replace(/s$/, '')
    props.onValue(seconds === '' ? null : JSON.stringify(`${seconds}s`))
  })
  const isValid = durationFault(`${text}s`) === null
  return (
    <div class="draft-inline">
      <input
        type="text"
        class="input is-mono draft-number"
        {...inputAttributes(props)}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => onInput(event.currentTarget.value)}
        onBlur={onBlur}
      />
      <span class="hint">seconds</span>
      <span class="hint">{isValid ? inLargerUnits(Number(text)) : ''}</span>
    </div>
  )
}
