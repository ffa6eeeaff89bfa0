/** Prints the responses to each kind of hostile input in the last run of hostile.test.ts. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

const REPORT = path.resolve(import.meta.dirname, '../../coverage/hostile-outcomes.txt')

process.stdout.write(await readFile(REPORT, 'utf8'))
