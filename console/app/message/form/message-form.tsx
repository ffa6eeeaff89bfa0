/** The form of a message, made of its descriptor. */
import type { DescMessage, Registry } from '@bufbuild/protobuf'
import { useId, useMemo } from 'preact/hooks'
import type { DraftFault } from '../check/draft-fault.ts'
import { type ParsedJson, valueText } from '../json/edit-json.ts'
import type { JsonNode } from '../json/json-node.ts'
import { FaultList, useFaults } from './fault-list.tsx'
import { FormContext, type FormSource, faultsByPath, type MessageEdits, useForm } from './form-source.ts'
import { MessageFields } from './message-fields.tsx'
import { hasOwnControl, ValueControl } from './value-control.tsx'

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
  const { isInvalid, faultsId } = useFaults([], id)
  const shape = { kind: 'message', message: schema } as const
  return (
    <div class="draft-form">
      <FaultList path={[]} id={id} />
      {hasOwnControl({ shape }) ? (
        <ValueControl
          shape={shape}
          node={root}
          path={[]}
          field={undefined}
          id={id}
          name={schema.name}
          describedBy={faultsId}
          isInvalid={isInvalid}
          keepsDefault={true}
          onValue={(value) => edits.set([], value ?? '""')}
        />
      ) : (
        <MessageFields message={schema} node={root} path={[]} />
      )}
    </div>
  )
}
