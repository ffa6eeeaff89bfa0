/** A message inside of a message: it is there or not, and can be folded. */
import type { DescMessage } from '@bufbuild/protobuf'
import { useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { isNull } from '../json/json-node.ts'
import { focusAdd, focusInput } from './focus-at.ts'
import { AddButton } from './form-buttons.tsx'
import { type MessageFieldsProps, pathId, useForm } from './form-source.ts'

export interface MessageControlProps extends MessageFieldsProps {
  /** What the message is called. */
  readonly name: string
  /** Whether something around it removes it, as for an item of a list. */
  readonly isItem?: boolean
}

export function MessageControl({ message, node, path, name, isItem = false }: MessageControlProps) {
  const { edits, Fields } = useForm()
  const [isOpen, setIsOpen] = useState(true)
  if (!isItem && (node === undefined || isNull(node))) {
    const add = () => {
      edits.set(path, '{}')
      focusInput(path)
    }
    return <AddButton what="message" name={name} path={path} onClick={add} />
  }
  const remove = () => {
    edits.remove(path)
    focusAdd(path)
  }
  const hidden = <span class="visually-hidden"> {name}</span>
  return (
    <div class="draft-message" data-path={pathId(path)}>
      <div class="draft-actions">
        <Button
          kind="quiet"
          isSmall={true}
          icon="chevron"
          class="draft-fold"
          isExpanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          <span>
            {isOpen ? 'Fold' : 'Unfold'}
            {hidden}
          </span>
        </Button>
        {isItem ? null : (
          <Button kind="quiet" isSmall={true} icon="trash" onClick={remove}>
            <span>Remove{hidden}</span>
          </Button>
        )}
      </div>
      {isOpen ? <Fields message={message} node={node} path={path} /> : <Summary message={message} node={node} />}
    </div>
  )
}

function Summary({ message, node }: { message: DescMessage; node: MessageFieldsProps['node'] }) {
  const count = node?.kind === 'object' ? node.members.length : 0
  return <p class="hint">{`${message.name} with ${count} ${count === 1 ? 'field' : 'fields'} set`}</p>
}
