/** A time: as text with up to nine digits of seconds, by a picker in the zone of the browser or in UTC, or now. */
import { useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { timestampFault } from '../check/check-well-known.ts'
import { pickedTime, pickerValue, type Zone } from '../schema/time-text.ts'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'
import { useTyped } from './use-typed.ts'

export function TimestampControl(props: ControlProps) {
  const { node, onValue } = props
  const [zone, setZone] = useState<Zone>('local')
  const set = (value: string) => onValue(value === '' ? null : JSON.stringify(value))
  const { text, onInput, onBlur } = useTyped(shownText(node), (typed) => set(typed.trim()))
  const isValid = timestampFault(text) === null
  return (
    <div class="draft-inline">
      <input
        type="text"
        class="input is-mono draft-time"
        {...inputAttributes(props)}
        placeholder="2026-01-31T09:30:00.000000001Z"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => onInput(event.currentTarget.value)}
        onBlur={onBlur}
      />
      <input
        type="datetime-local"
        class="input draft-picker"
        aria-label="Date and time"
        step="1"
        min="0001-01-01T00:00:00"
        max="9999-12-31T23:59:59"
        value={isValid ? pickerValue(text, zone) : ''}
        onInput={(event) => set(pickedTime(event.currentTarget.value, text, zone) ?? text)}
      />
      <select
        class="select draft-short"
        aria-label="Time zone"
        value={zone}
        onChange={(event) => setZone(event.currentTarget.value === 'utc' ? 'utc' : 'local')}
      >
        <option value="local">{Intl.DateTimeFormat().resolvedOptions().timeZone}</option>
        <option value="utc">UTC</option>
      </select>
      <Button isSmall={true} onClick={() => set(new Date().toISOString())}>
        Now
      </Button>
    </div>
  )
}
