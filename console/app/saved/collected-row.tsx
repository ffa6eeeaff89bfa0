/** A call of a collection, and what can be done with it. */
import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { CallSummary } from './call-summary.tsx'
import type { CollectedCall } from './collection.ts'
import { CopyLink } from './copy-link.tsx'
import { NameDialog } from './name-dialog.tsx'

/** What the buttons do, with the id of the call. */
export interface CollectedActions {
  rename(id: string, name: string): Promise<void>
  duplicate(id: string): Promise<void>
  move(id: string, step: -1 | 1): Promise<void>
  remove(id: string): Promise<void>
}

/** What a row shows. */
export interface CollectedRowProps {
  readonly collected: CollectedCall
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly actions: CollectedActions
}

/** Draws the row. */
export function CollectedRow({ collected: { id, name, call }, isFirst, isLast, actions }: CollectedRowProps) {
  const [isNaming, setIsNaming] = useState(false)
  const [fault, setFault] = useState('')
  const duplicate = () => actions.duplicate(id).catch((error) => setFault(String(error.message)))
  return (
    <li class="saved-row" data-call={id}>
      <CallSummary call={call} name={name} />
      {fault !== '' && <p class="fault">{fault}</p>}
      <div class="saved-actions">
        <Button
          kind="quiet"
          isSmall
          icon="arrow-up"
          label="Move up"
          class="saved-up"
          isDisabled={isFirst}
          onClick={() => actions.move(id, -1)}
        />
        <Button
          kind="quiet"
          isSmall
          icon="arrow-down"
          label="Move down"
          class="saved-down"
          isDisabled={isLast}
          onClick={() => actions.move(id, 1)}
        />
        <Button kind="quiet" isSmall icon="pencil" label="Rename" onClick={() => setIsNaming(true)} />
        <Button kind="quiet" isSmall icon="duplicate" label="Duplicate" onClick={duplicate} />
        <CopyLink saved={call} isLabelled={false} />
        <Button
          kind="quiet"
          isSmall
          icon="trash"
          label="Delete"
          class="saved-delete"
          onClick={() => actions.remove(id)}
        />
      </div>
      {isNaming && (
        <NameDialog
          title="Rename the call"
          action="Rename"
          name={name}
          onName={(text) => actions.rename(id, text)}
          onClose={() => setIsNaming(false)}
        />
      )}
    </li>
  )
}
