/** A repeated field: items can be added, removed and moved. */
import type { JsonNode, JsonPath } from '../json/json-node.ts'
import { defaultText } from '../schema/default-text.ts'
import { type AnyField, shapeOf } from '../schema/value-shape.ts'
import { ElementControl } from './element-control.tsx'
import { fieldTitle } from './field-head.tsx'
import { focusAdd, focusInput, focusMove } from './focus-at.ts'
import { AddButton, IconButton } from './form-buttons.tsx'
import { pathId, useForm } from './form-source.ts'
import { useWindow } from './use-window.ts'
import { WindowButtons } from './window-buttons.tsx'

interface ListControlProps {
  readonly field: AnyField
  readonly node: JsonNode | undefined
  readonly path: JsonPath
}

export function ListControl({ field, node, path }: ListControlProps) {
  const { edits } = useForm()
  const items = node?.kind === 'array' ? node.items : []
  const shown = useWindow(items.length)
  const add = () => {
    edits.append(path, defaultText(shapeOf(field)))
    shown.show(items.length)
    focusInput([...path, items.length])
  }
  return (
    <div class="draft-list">
      <WindowButtons shown={shown} count={items.length} />
      {items.length === 0 ? null : (
        <ol class="draft-items" start={shown.from}>
          {items.slice(shown.from, shown.to).map((item, offset) => (
            <Item
              key={shown.from + offset}
              field={field}
              node={item}
              path={path}
              index={shown.from + offset}
              count={items.length}
            />
          ))}
        </ol>
      )}
      <AddButton what="item" name={fieldTitle(field)} path={path} onClick={add} />
    </div>
  )
}

function Item(props: ListControlProps & { node: JsonNode; index: number; count: number }) {
  const { field, node, path, index, count } = props
  const { edits } = useForm()
  const name = `${fieldTitle(field)} ${index}`
  const remove = () => {
    const removed = [...path, index]
    edits.remove(count === 1 ? path : removed)
    // Otherwise the next item takes its place.
    if (index === count - 1) focusAdd(path)
  }
  const move = (to: number, direction: 'up' | 'down') => {
    edits.swap(path, index, to)
    focusMove([...path, to], direction)
  }
  return (
    <li class="draft-item" data-path={pathId([...path, index])}>
      <span class="draft-index" aria-hidden="true">
        {index}
      </span>
      <ElementControl field={field} node={node} path={[...path, index]} name={name} />
      <div class="draft-actions is-side">
        <IconButton
          label={`Move ${name} up`}
          icon="arrow-up"
          isDisabled={index === 0}
          onClick={() => move(index - 1, 'up')}
        />
        <IconButton
          label={`Move ${name} down`}
          icon="arrow-down"
          isDisabled={index === count - 1}
          onClick={() => move(index + 1, 'down')}
        />
        <IconButton label={`Remove ${name}`} icon="close" onClick={remove} />
      </div>
    </li>
  )
}
