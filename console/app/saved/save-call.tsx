/** A button that puts a call into a collection. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { SavedCall } from '../contracts/saved-call.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { addCall } from './collection.ts'
import {
  addCollection,
  changeCollection,
  collectionsVersion,
  type KeptCollection,
  readCollections,
} from './collections.ts'
import { SecretHint } from './secret-hint.tsx'
import { StorageNotice } from './storage-notice.tsx'
import { useKept } from './use-kept.ts'

/** Draws the button, and the dialog that it opens. */
export function SaveCall({ saved, isLabelled = true }: { readonly saved: SavedCall; readonly isLabelled?: boolean }) {
  const [isOpen, setIsOpen] = useState(false)
  const [isSaved, setIsSaved] = useState(false)
  const open = () => {
    setIsSaved(false)
    setIsOpen(true)
  }
  const close = (isDone: boolean) => {
    setIsOpen(false)
    setIsSaved(isDone)
  }
  const icon = isSaved ? 'check' : 'bookmark'
  return (
    <>
      <Button
        kind="quiet"
        isSmall
        icon={icon}
        {...(isLabelled ? { children: isSaved ? 'Saved' : 'Save' } : { label: 'Save to a collection' })}
        onClick={open}
      />
      <span class="visually-hidden" role="status">
        {isSaved ? 'Saved to the collection' : ''}
      </span>
      {isOpen && <SaveDialog saved={saved} onClose={close} />}
    </>
  )
}

const NEW = ''

function SaveDialog({ saved, onClose }: { saved: SavedCall; onClose: (isDone: boolean) => void }) {
  const collections = useKept(readCollections, collectionsVersion)
  return (
    <Dialog title="Save the call" onClose={() => onClose(false)}>
      {collections !== null && <SaveForm saved={saved} collections={collections} onClose={onClose} />}
    </Dialog>
  )
}

interface SaveFormProps {
  readonly saved: SavedCall
  readonly collections: readonly KeptCollection[]
  readonly onClose: (isDone: boolean) => void
}

function SaveForm({ saved, collections, onClose }: SaveFormProps) {
  const [name, setName] = useState(saved.method.slice(saved.method.indexOf('/') + 1))
  const [target, setTarget] = useState(collections[0]?.id ?? NEW)
  const [group, setGroup] = useState('My calls')
  const [fault, setFault] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    input.current?.focus()
    input.current?.select()
  }, [])
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    try {
      if (target === NEW) await addCollection(addCall({ name: group, calls: [] }, name, saved))
      else await changeCollection(target, (collection) => addCall(collection, name, saved))
      onClose(true)
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form class="stack" onSubmit={submit}>
      <StorageNotice />
      <Field label="Name of the call" fault={fault}>
        {(attributes) => (
          <input
            {...attributes}
            ref={input}
            class="input"
            dir="auto"
            maxLength={200}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="Collection">
        {(attributes) => (
          <select
            {...attributes}
            class="select"
            value={target}
            onChange={(event) => setTarget(event.currentTarget.value)}
          >
            {collections.map(({ id, name: each }) => (
              <option key={id} value={id}>
                {each}
              </option>
            ))}
            <option value={NEW}>New collection</option>
          </select>
        )}
      </Field>
      {target === NEW && (
        <Field label="Name of the new collection">
          {(attributes) => (
            <input
              {...attributes}
              class="input"
              dir="auto"
              maxLength={200}
              value={group}
              onInput={(event) => setGroup(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <SecretHint saved={saved} />
      <div class="row">
        <Button kind="main" type="submit">
          Save
        </Button>
        <Button onClick={() => onClose(false)}>Cancel</Button>
      </div>
    </form>
  )
}
