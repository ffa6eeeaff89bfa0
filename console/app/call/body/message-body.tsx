/** A message: as a tree, as JSON text, or as its octets in hex. */
import { type DescMessage, type Message, type Registry, toBinary } from '@bufbuild/protobuf'
import { useId, useMemo, useState } from 'preact/hooks'
import { CopyButton } from '../../parts/copy-button.tsx'
import { hexDump } from './hex-dump.ts'
import { JsonTree } from './json-tree.tsx'
import { messageJson } from './message-text.ts'
import { TextBlock } from './text-block.tsx'

/** Longer texts keep the browser busy. They can be copied whole. */
const MAX_SHOWN = 200_000

/** What is shown. */
export interface MessageBodyProps {
  readonly schema: DescMessage
  readonly message: Message
  readonly registry: Registry
  /** What the message is, as in `Response`. */
  readonly label: string
}

const MODES = ['tree', 'text', 'hex'] as const
type Mode = (typeof MODES)[number]
const TITLES: Readonly<Record<Mode, string>> = { tree: 'Tree', text: 'JSON', hex: 'Binary' }

/** Draws the message, and the choice of how. */
export function MessageBody({ schema, message, registry, label }: MessageBodyProps) {
  const [mode, setMode] = useState<Mode>('text')
  const json = useMemo(() => messageJson(schema, message, registry), [schema, message, registry])
  // The view around it is drawn anew with each message of a stream.
  const text = useMemo(
    () => (mode === 'hex' ? hexDump(toBinary(schema, message)) : JSON.stringify(json, null, 2)),
    [mode, schema, message, json],
  )
  return (
    <div class="message-body">
      <div class="row message-body-head">
        <ModeChoice mode={mode} label={label} onMode={setMode} />
        <span class="small soft wrap">{schema.typeName}</span>
        <span class="call-spacer" />
        <CopyButton text={() => text} label={`Copy ${label}`} />
      </div>
      {mode === 'tree' ? (
        <div class="message-body-scroll json-tree">
          <JsonTree value={json} />
        </div>
      ) : (
        <TextBlock text={shorten(text)} label={label} isOctets={mode === 'hex'} />
      )}
    </div>
  )
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}\n... ${text.length - MAX_SHOWN} more characters`
}

function ModeChoice({ mode, label, onMode }: { mode: Mode; label: string; onMode: (mode: Mode) => void }) {
  const group = useId()
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">Show {label} as</legend>
      {MODES.map((each) => (
        <label key={each} class="segment">
          <input type="radio" name={group} checked={each === mode} onChange={() => onMode(each)} />
          {TITLES[each]}
        </label>
      ))}
    </fieldset>
  )
}
