/** The fields of a message, in the order of its declaration; then its extensions, and keys that it does not have. */
import { Button } from '../../parts/button.tsx'
import { extensionsFor, fieldOfKey } from '../schema/field-keys.ts'
import { AnyFields } from './any-fields.tsx'
import { FieldControl } from './field-control.tsx'
import { type MessageFieldsProps, useForm } from './form-source.ts'
import { OneofControl } from './oneof-control.tsx'

export function MessageFields({ message, node, path }: MessageFieldsProps) {
  const { registry } = useForm()
  const extensions = extensionsFor(message, registry)
  if (message.typeName === 'google.protobuf.Any') return <AnyFields node={node} path={path} />
  return (
    <div class="draft-fields">
      {message.members.length + extensions.length === 0 ? <p class="hint">This message has no fields.</p> : null}
      {message.members.map((member) =>
        member.kind === 'oneof' ? (
          <OneofControl key={member.name} oneof={member} node={node} path={path} />
        ) : (
          <FieldControl key={member.name} field={member} node={node} path={path} />
        ),
      )}
      {extensions.map((extension) => (
        <FieldControl key={extension.typeName} field={extension} node={node} path={path} />
      ))}
      <UnknownKeys message={message} node={node} path={path} />
    </div>
  )
}

function UnknownKeys({ message, node, path }: MessageFieldsProps) {
  const { registry, edits } = useForm()
  if (node?.kind !== 'object') return null
  const keys = node.members.map((member) => member.key.value)
  const unknown = [...new Set(keys)].filter(
    (key) => key !== '@type' && fieldOfKey(message, key, registry) === undefined,
  )
  if (unknown.length === 0) return null
  return (
    <ul class="draft-unknown">
      {unknown.map((key) => (
        <li key={key} class="draft-inline">
          <span class="draft-fault">
            <bdi>{key}</bdi> is not a field of this message.
          </span>
          <Button isSmall={true} onClick={() => edits.remove([...path, key])}>
            Remove <bdi>{key}</bdi>
          </Button>
        </li>
      ))}
    </ul>
  )
}
