import { launch } from '../bin/launch.js'

await launch(new URL('./node/main.ts', import.meta.url))
