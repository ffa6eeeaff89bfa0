/** The buttons of lists and maps. */
import { Button } from '../../parts/button.tsx'
import type { IconName } from '../../parts/icon.tsx'

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
  readonly isDisabled?: boolean
  readonly onClick: () => void
}

export function AddButton({ what, name, isDisabled = false, onClick }: AddButtonProps) {
  return (
    <Button icon="plus" isSmall={true} isDisabled={isDisabled} onClick={onClick}>
      <span>
        {`Add ${what}`}
        <span class="visually-hidden"> to {name}</span>
      </span>
    </Button>
  )
}
