/** The collections: named groups of calls, in an order that the user chooses. */
import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { countOf } from '../parts/format.ts'
import { CollectedRow } from './collected-row.tsx'
import { duplicateCall, moveCall, removeCall, renameCall } from './collection.ts'
import {
  addCollection,
  changeCollection,
  collectionsVersion,
  deleteCollection,
  type KeptCollection,
  moveCollection,
  readCollections,
  renameCollection,
} from './collections.ts'
import { NameDialog } from './name-dialog.tsx'
import { type FocusAfter, useFocusAfter } from './use-focus-after.ts'
import { useKept } from './use-kept.ts'

/** Draws all collections. */
export function CollectionList() {
  const collections = useKept(readCollections, collectionsVersion)
  const focus = useFocusAfter(collections)
  const [isAdding, setIsAdding] = useState(false)
  if (collections === null) return <p role="status">Loading</p>
  const add = (
    <Button icon="plus" class="saved-add" onClick={() => setIsAdding(true)}>
      New collection
    </Button>
  )
  return (
    <div class="stack" ref={focus.container}>
      {collections.length === 0 ? (
        <EmptyState icon="bookmark" title="No collections yet" actions={add}>
          <p>
            A collection keeps calls that you make again and again. Save calls into it from the history or from the view
            of a call.
          </p>
        </EmptyState>
      ) : (
        <div class="row">{add}</div>
      )}
      {collections.map((collection, index) => (
        <CollectionCard
          key={collection.id}
          collection={collection}
          isFirst={index === 0}
          isLast={index === collections.length - 1}
          focus={focus}
        />
      ))}
      {isAdding && (
        <NameDialog
          title="New collection"
          action="Create"
          name=""
          onName={async (name) => void (await addCollection({ name, calls: [] }))}
          onClose={() => setIsAdding(false)}
        />
      )}
    </div>
  )
}

interface CollectionCardProps {
  readonly collection: KeptCollection
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly focus: FocusAfter
}

function CollectionCard({ collection, isFirst, isLast, focus }: CollectionCardProps) {
  const { id, name, calls } = collection
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null)
  const move = async (step: -1 | 1) => {
    const [wanted, other] = step === -1 ? ['up', 'down'] : ['down', 'up']
    const place = `[data-collection="${id}"] > .spread`
    focus.focusNext(`${place} .saved-${wanted}:enabled`, `${place} .saved-${other}:enabled`)
    await moveCollection(id, step)
  }
  return (
    <section class="card is-flush" aria-label={name} data-collection={id}>
      <div class="spread saved-head">
        <div class="row is-tight saved-title">
          <h2 dir="auto">{name}</h2>
          <span class="small soft">{countOf(calls.length, 'call')}</span>
        </div>
        <div class="saved-actions">
          <Button
            kind="quiet"
            isSmall
            icon="arrow-up"
            label="Move collection up"
            class="saved-up"
            isDisabled={isFirst}
            onClick={() => move(-1)}
          />
          <Button
            kind="quiet"
            isSmall
            icon="arrow-down"
            label="Move collection down"
            class="saved-down"
            isDisabled={isLast}
            onClick={() => move(1)}
          />
          <Button kind="quiet" isSmall icon="pencil" label="Rename collection" onClick={() => setOpen('rename')} />
          <Button kind="quiet" isSmall icon="trash" label="Delete collection" onClick={() => setOpen('delete')} />
        </div>
      </div>
      {calls.length === 0 ? (
        <p class="saved-none soft small">No calls in it yet.</p>
      ) : (
        <CallRows collection={collection} focus={focus} />
      )}
      {open === 'rename' && (
        <NameDialog
          title="Rename the collection"
          action="Rename"
          name={name}
          onName={(text) => renameCollection(id, text)}
          onClose={() => setOpen(null)}
        />
      )}
      {open === 'delete' && <DeleteDialog collection={collection} focus={focus} onClose={() => setOpen(null)} />}
    </section>
  )
}

function CallRows({ collection: { id, calls, name }, focus }: Pick<CollectionCardProps, 'collection' | 'focus'>) {
  const act = {
    rename: (call: string, text: string) => changeCollection(id, (each) => renameCall(each, call, text)),
    duplicate: (call: string) => changeCollection(id, (each) => duplicateCall(each, call)),
    move: async (call: string, step: -1 | 1) => {
      const [wanted, other] = step === -1 ? ['up', 'down'] : ['down', 'up']
      focus.focusNext(`[data-call="${call}"] .saved-${wanted}:enabled`, `[data-call="${call}"] .saved-${other}:enabled`)
      await changeCollection(id, (each) => moveCall(each, call, step))
    },
    remove: async (call: string) => {
      const index = calls.findIndex((each) => each.id === call)
      const next = calls[index + 1] ?? calls[index - 1]
      focus.focusNext(`[data-call="${next?.id}"] .saved-delete`, '.saved-add')
      await changeCollection(id, (each) => removeCall(each, call))
    },
  }
  return (
    <ol class="plain saved-list" aria-label={`Calls of ${name}`}>
      {calls.map((collected, index) => (
        <CollectedRow
          key={collected.id}
          collected={collected}
          isFirst={index === 0}
          isLast={index === calls.length - 1}
          actions={act}
        />
      ))}
    </ol>
  )
}

interface DeleteDialogProps extends Pick<CollectionCardProps, 'collection' | 'focus'> {
  readonly onClose: () => void
}

function DeleteDialog({ collection: { id, name, calls }, focus, onClose }: DeleteDialogProps) {
  const remove = async () => {
    focus.focusNext('.saved-add')
    onClose()
    await deleteCollection(id)
  }
  return (
    <Dialog title="Delete the collection" onClose={onClose}>
      <div class="stack">
        <p dir="auto" class="wrap">
          This deletes “{name}” with {countOf(calls.length, 'call')} from this browser.
        </p>
        <div class="row">
          <Button kind="danger" onClick={remove}>
            Delete
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </div>
    </Dialog>
  )
}
