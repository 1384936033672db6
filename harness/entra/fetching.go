package entra

import "context"

// clientKey is where the context of a fetch has for whose sign-in it is made.
type clientKey struct{}

// ClientOf is the client id of the application for whose sign-in a document is fetched: Config.Client finds it in the
// context of its requests. Empty: it is another request.
func ClientOf(ctx context.Context) string {
	id, _ := ctx.Value(clientKey{}).(string)
	return id
}

// fetching is the context of what is fetched for the request. An examination need not know the application.
func (x *exchange) fetching() context.Context {
	id := x.form.clientID
	if x.app != nil {
		id = x.app.ClientID
	}
	return context.WithValue(x.ctx, clientKey{}, id)
}
