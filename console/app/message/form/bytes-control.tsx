/** An input for bytes, as text, hexadecimal digits or base64, or from a file. */
import { base64Encode } from '@bufbuild/protobuf/wire'
import { useMemo, useState } from 'preact/hooks'
import { FilePicker } from '../../parts/file-picker.tsx'
import { Notice } from '../../parts/notice.tsx'
import { BYTES_FORMATS, type BytesFormat, octetsOf, readOctets, writeOctets } from '../schema/bytes-text.ts'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'
import { loadFile } from './load-file.ts'
import { useRefusal } from './use-refusal.ts'

/** A larger value is shown by its size alone. */
const MAX_SHOWN = 20_000

export function BytesControl(props: ControlProps) {
  const base64 = shownText(props.node)
  const octets = useMemo(() => octetsOf(base64), [base64])
  const isLong = base64.length > MAX_SHOWN
  const isText = isLong || octets === null || writeOctets(octets, 'text') !== null
  const [wanted, setFormat] = useState<BytesFormat>('base64')
  const format = wanted === 'text' && !isText ? 'base64' : wanted
  // What is typed, while it is not the text that its octets would be written as.
  const [typed, setTyped] = useState<{ readonly text: string; readonly base64: string } | null>(null)
  const [fileFault, setFileFault] = useState<string | null>(null)
  const current = typed?.base64 === base64 ? typed.text : undefined
  const fault = current === undefined ? undefined : readOctets(current, format)
  useRefusal(props.path, typeof fault === 'string' ? fault : undefined)
  const commit = (read: Uint8Array, text?: string) => {
    setFileFault(null)
    const next = base64Encode(read)
    setTyped(text === undefined ? null : { text, base64: next })
    props.onValue(next === '' && !props.keepsDefault ? null : JSON.stringify(next))
  }
  const load = async (file: File) =>
    setFileFault(await loadFile(file, async () => commit(new Uint8Array(await file.arrayBuffer()))))
  const onInput = (text: string) => {
    const read = readOctets(text, format)
    if (typeof read === 'string') setTyped({ text, base64 })
    else commit(read, text)
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
            <option key={each} value={each} disabled={each === 'text' && !isText}>
              {each}
            </option>
          ))}
        </select>
        <FilePicker label="From a file" isSmall={true} onPick={load} />
        <span class="hint">{size}</span>
      </div>
      {isLong ? (
        <p class="hint">Too long to show here; the JSON has it.</p>
      ) : (
        <textarea
          class="textarea is-mono draft-text"
          {...inputAttributes(props)}
          rows={1}
          spellcheck={false}
          value={current ?? (octets === null ? base64 : (writeOctets(octets, format) ?? ''))}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
      {fileFault === null ? null : <Notice tone="bad">{fileFault}</Notice>}
    </div>
  )
}
