/** The buttons of lists and maps. */
import { Button } from '../../parts/button.tsx'
import type { IconName } from '../../parts/icon.tsx'
import type { JsonPath } from '../json/json-node.ts'
import { pathId } from './form-source.ts'

export interface IconButtonProps {
  readonly label: string
  readonly icon: IconName
  readonly isDisabled?: boolean
  readonly onClick: () => void
}

export function IconButton({ label, icon, isDisabled = false, onClick }: IconButtonProps) {
  return <Button kind="quiet" isSmall={true} icon={icon} label={label} isDisabled={isDisabled} onClick={onClick} />
}

export interface AddButtonProps {
  /** What is added, such as an item. */
  readonly what: string
  /** The name of the field. */
  readonly name: string
  /** Where the field is. */
  readonly path: JsonPath
  readonly isDisabled?: boolean
  readonly onClick: () => void
}

export function AddButton({ what, name, path, isDisabled = false, onClick }: AddButtonProps) {
  return (
    <span class="draft-add" data-add={pathId(path)}>
      <Button icon="plus" isSmall={true} isDisabled={isDisabled} onClick={onClick}>
        <span>
          {`Add ${what}`}
          <span class="visually-hidden"> to {name}</span>
        </span>
      </Button>
    </span>
  )
}
