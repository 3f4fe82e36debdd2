import config from '../config.json';

/** Everything that tells one deployment from another. */
export type Config = Omit<typeof config, 'alarms'> & {
  alarms: Omit<(typeof config)['alarms'], 'email'> & { email: string[] };
};

export function load(): Config {
  return config;
}

export const ZONES = [1, 2, 3];
export const DATABASE_PORT = 5432;
export const DATABASE_NAME = 'orders';
export const MASTER_USER = 'standfast';
export const LOG_RETENTION_DAYS = 30;
