package explain

import (
	"reflect"

	"github.com/issuerd/issuerd/harness/entra"
)

// HideTokens is a value with "[token]" in the place of every token in its texts: in those of exported members, however
// deep, and in the keys of maps. What it changes is a copy; the value itself, and what it leads to, stays as it is.
func HideTokens[T any](value T) T {
	changed, is := withoutTokens(reflect.ValueOf(&value).Elem())
	if !is {
		return value
	}
	return changed.Interface().(T)
}

// withoutTokens is a value without tokens, and whether it had any.
func withoutTokens(v reflect.Value) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.String:
		if text := entra.HideTokens(v.String()); text != v.String() {
			return reflect.ValueOf(text).Convert(v.Type()), true
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		if under, is := withoutTokens(v.Elem()); is {
			out := reflect.New(v.Type()).Elem()
			if v.Kind() == reflect.Pointer {
				out.Set(reflect.New(v.Type().Elem()))
				out.Elem().Set(under)
			} else {
				out.Set(under)
			}
			return out, true
		}
	case reflect.Slice:
		out, had := reflect.MakeSlice(v.Type(), v.Len(), v.Len()), false
		for i := range v.Len() {
			one, is := withoutTokens(v.Index(i))
			out.Index(i).Set(one)
			had = had || is
		}
		if had {
			return out, true
		}
	case reflect.Map:
		out, had := reflect.MakeMapWithSize(v.Type(), v.Len()), false
		for each := v.MapRange(); each.Next(); {
			key, isKey := withoutTokens(each.Key())
			one, is := withoutTokens(each.Value())
			out.SetMapIndex(key, one)
			had = had || isKey || is
		}
		if had {
			return out, true
		}
	case reflect.Struct:
		out, had := reflect.New(v.Type()).Elem(), false
		out.Set(v)
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			one, is := withoutTokens(v.Field(i))
			if is {
				out.Field(i).Set(one)
			}
			had = had || is
		}
		if had {
			return out, true
		}
	}
	return v, false
}
