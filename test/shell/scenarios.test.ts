import { afterAll, beforeAll, describe } from 'vitest';
import { DoubleDriver } from './double-driver.ts';
import { commonScenarios, Stage } from './scenarios.ts';

describe('the desktop app over a double of Electron', () => {
  const stage = new Stage(new DoubleDriver());
  beforeAll(() => stage.open());
  afterAll(() => stage.close());
  commonScenarios(stage);
});
