import { ApplicationConfig, Component } from '@angular/core';
import { provideClientHydration } from '@angular/platform-browser';
import { RouterOutlet, provideRouter } from '@angular/router';
import { Home } from './home';
import { Pricing } from './pricing';
import { Send } from './send';

@Component({ imports: [RouterOutlet], selector: 'app-root', template: '<router-outlet />' })
export class App {}

export const config: ApplicationConfig = {
  providers: [
    provideRouter([
      { path: '', component: Home },
      { path: 'pricing', component: Pricing },
      { path: 'send', component: Send },
    ]),
    provideClientHydration(),
  ],
};
