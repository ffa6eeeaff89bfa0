/** The form of a message, made of its descriptor. */
import type { DescMessage, Registry } from '@bufbuild/protobuf'
import { useId, useMemo } from 'preact/hooks'
import type { DraftFault } from '../check/draft-fault.ts'
import { type ParsedJson, valueText } from '../json/edit-json.ts'
import type { JsonNode } from '../json/json-node.ts'
import { FaultList } from './fault-list.tsx'
import { FormContext, type FormSource, faultsByPath, type MessageEdits, useForm } from './form-source.ts'
import { MessageFields } from './message-fields.tsx'
import { StandaloneValue } from './standalone-value.tsx'
import { hasOwnControl } from './value-control.tsx'

export interface MessageFormProps {
  readonly schema: DescMessage
  readonly registry: Registry
  readonly parsed: ParsedJson
  readonly faults: readonly DraftFault[]
  readonly edits: MessageEdits
  readonly isLong: boolean
}

export function MessageForm({ schema, registry, parsed, faults, edits, isLong }: MessageFormProps) {
  const source = useMemo<FormSource>(() => {
    const sourceOf = (node: JsonNode) => valueText(parsed, node)
    return { Fields: MessageFields, registry, edits, isLong, sourceOf, faults: faultsByPath(faults) }
  }, [registry, edits, isLong, faults, parsed])
  return (
    <FormContext.Provider value={source}>
      <Root schema={schema} root={parsed.root} />
    </FormContext.Provider>
  )
}

function Root({ schema, root }: { schema: DescMessage; root: JsonNode }) {
  const id = useId()
  const { edits } = useForm()
  const shape = { kind: 'message', message: schema } as const
  const onValue = (value: string | null) => edits.set([], value ?? '""')
  return (
    <div class="draft-form">
      {hasOwnControl({ shape }) ? (
        <StandaloneValue shape={shape} node={root} path={[]} name={schema.name} onValue={onValue} />
      ) : (
        <>
          <FaultList path={[]} id={id} />
          <MessageFields message={schema} node={root} path={[]} />
        </>
      )}
    </div>
  )
}
