/** Saves history and collections as a file, and reads such a file. */
import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { downloadFile } from '../parts/download.ts'
import { FilePicker } from '../parts/file-picker.tsx'
import { countOf, formatBytes } from '../parts/format.ts'
import { Notice } from '../parts/notice.tsx'
import { type Exchanged, exportAll, importAll, MAX_FILE_BYTES, readExchange, writeExchange } from './exchange-file.ts'

/** Draws the buttons. */
export function ExchangeBar() {
  const [isOpen, setIsOpen] = useState(false)
  const save = async () => {
    const day = new Date().toISOString().slice(0, 10)
    downloadFile(`portico-console-${day}.json`, writeExchange(await exportAll()), 'application/json')
  }
  return (
    <div class="row is-tight">
      <Button icon="download" onClick={save}>
        Export
      </Button>
      <Button icon="upload" onClick={() => setIsOpen(true)}>
        Import
      </Button>
      {isOpen && <ImportDialog onClose={() => setIsOpen(false)} />}
    </div>
  )
}

function ImportDialog({ onClose }: { onClose: () => void }) {
  const [read, setRead] = useState<Exchanged>()
  const [fault, setFault] = useState('')
  const pick = async (file: File) => {
    setFault('')
    setRead(undefined)
    try {
      if (file.size > MAX_FILE_BYTES)
        throw new Error(`the file has ${formatBytes(file.size)}, more than ${formatBytes(MAX_FILE_BYTES)}`)
      setRead(readExchange(await file.text()))
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <Dialog title="Import history and collections" onClose={onClose}>
      <div class="stack">
        <FilePicker label="Choose a file" accept=".json,application/json" onPick={pick}>
          <span class="hint">Or drop it here. A file is what Export saves.</span>
        </FilePicker>
        {fault !== '' && <Notice tone="bad">The file cannot be imported: {fault}.</Notice>}
        {read !== undefined && <ImportChoice read={read} onClose={onClose} />}
      </div>
    </Dialog>
  )
}

function ImportChoice({ read, onClose }: { read: Exchanged; onClose: () => void }) {
  const [how, setHow] = useState<'merge' | 'replace'>('merge')
  const [isBusy, setIsBusy] = useState(false)
  const [fault, setFault] = useState('')
  const take = async () => {
    setIsBusy(true)
    try {
      await importAll(read, how)
      onClose()
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
      setIsBusy(false)
    }
  }
  return (
    <>
      <p>
        The file has {countOf(read.history.length, 'call')} of the history and{' '}
        {countOf(read.collections.length, 'collection')}.
      </p>
      <fieldset>
        <legend>What is here already</legend>
        <div class="stack is-tight">
          <label class="check">
            <input type="radio" name="import" checked={how === 'merge'} onChange={() => setHow('merge')} />
            stays; what the file adds is added
          </label>
          <label class="check">
            <input type="radio" name="import" checked={how === 'replace'} onChange={() => setHow('replace')} />
            is deleted, and the file takes its place
          </label>
        </div>
      </fieldset>
      {fault !== '' && <Notice tone="bad">{fault}</Notice>}
      <div class="row">
        <Button kind={how === 'merge' ? 'main' : 'danger'} isBusy={isBusy} isDisabled={isBusy} onClick={take}>
          {how === 'merge' ? 'Import' : 'Replace'}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </>
  )
}
