import { serve } from 'portico/server'
import { routes } from './routes.ts'

await serve({ name: 'my-service', routes })
