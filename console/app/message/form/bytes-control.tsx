/** An input for bytes, as text, hexadecimal digits or base64, or from a file. */
import { base64Encode } from '@bufbuild/protobuf/wire'
import { useState } from 'preact/hooks'
import { FilePicker } from '../../parts/file-picker.tsx'
import { BYTES_FORMATS, type BytesFormat, octetsOf, readOctets, writeOctets } from '../schema/bytes-text.ts'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'

/** A larger value is shown by its size alone. */
const MAX_SHOWN = 20_000
/** Requests are not larger, and the page would stop answering. */
const MAX_FILE_BYTES = 24 * 1024 * 1024

export function BytesControl(props: ControlProps) {
  const base64 = shownText(props.node)
  const octets = octetsOf(base64)
  const [wanted, setFormat] = useState<BytesFormat>('base64')
  const format = octets !== null && writeOctets(octets, wanted) === null ? 'base64' : wanted
  // What is typed, while it is not the text that its octets would be written as.
  const [typed, setTyped] = useState<{ readonly text: string; readonly base64: string } | null>(null)
  const shown = typed?.base64 === base64 ? typed.text : octets === null ? base64 : writeOctets(octets, format)
  const [fileFault, setFileFault] = useState<string | null>(null)
  const fault = typed?.base64 === base64 ? readOctets(typed.text, format) : undefined
  const commit = (read: Uint8Array, text?: string) => {
    setFileFault(null)
    const next = base64Encode(read)
    setTyped(text === undefined ? null : { text, base64: next })
    props.onValue(next === '' && !props.keepsDefault ? null : JSON.stringify(next))
  }
  const onInput = (text: string) => {
    const read = readOctets(text, format)
    if (typeof read === 'string') setTyped({ text, base64 })
    else commit(read, text)
  }
  const load = async (file: File) => {
    if (file.size > MAX_FILE_BYTES) return setFileFault(`${file.name} is larger than 24 MiB.`)
    commit(new Uint8Array(await file.arrayBuffer()))
  }
  const size = octets === null ? 'not base64' : `${octets.length} ${octets.length === 1 ? 'byte' : 'bytes'}`
  return (
    <div class="draft-bytes">
      <div class="draft-inline">
        <select
          class="select draft-short"
          aria-label="Format"
          value={format}
          onChange={(event) => {
            setTyped(null)
            setFormat(BYTES_FORMATS.find((each) => each === event.currentTarget.value) ?? 'base64')
          }}
        >
          {BYTES_FORMATS.map((each) => (
            <option key={each} value={each} disabled={octets !== null && writeOctets(octets, each) === null}>
              {each}
            </option>
          ))}
        </select>
        <FilePicker label="From a file" isSmall={true} onPick={load} />
        <span class="hint">{size}</span>
      </div>
      {base64.length > MAX_SHOWN ? (
        <p class="hint">Too long to show here; the JSON has it.</p>
      ) : (
        <textarea
          class="textarea is-mono draft-text"
          {...inputAttributes(props)}
          rows={1}
          spellcheck={false}
          value={shown ?? ''}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
      {typeof fault === 'string' ? <p class="draft-fault">{fault}</p> : null}
      {fileFault === null ? null : (
        <p class="draft-fault" role="alert">
          {fileFault}
        </p>
      )}
    </div>
  )
}
